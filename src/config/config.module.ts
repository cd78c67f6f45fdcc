import { Module, type DynamicModule } from '@nestjs/common';
import { AppConfig } from './config.schema.ts';

/** Gives every module the one AppConfig, which is read before Nest starts so that mistakes stop the start. */
@Module({})
export class ConfigModule {
  static with(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: AppConfig, useValue: config }],
      exports: [AppConfig],
    };
  }
}
